// SPDX-License-Identifier: Apache-2.0

// Package manifests prints the shop as Kubernetes and Istio objects.
package manifests

import (
	"bytes"
	"embed"
	"encoding/base64"
	"fmt"
	"io"
	"strings"
	"text/template"

	"github.com/rerig/rerig/lab/shop/internal/token"
)

//go:embed templates/*.yaml
var files embed.FS

// Shop holds the variable parts of the manifests.
type Shop struct {
	// Image contains the shop's binary. Revision is the Istio revision of its namespaces.
	Image, Revision string
	// Rate is the load in requests per second. 0 omits the load generator.
	Rate float64
	Key  token.Key
}

// values are the values of the templates.
type values struct {
	Shop
	KeySet, Issuer string
	// Secret is the token, encoded for a Secret.
	Secret       string
	CartVersions []string
}

// Print writes all objects in the order in which they are applied: namespaces, policies, workloads,
// load. The output is the same for the same shop and key.
func Print(out io.Writer, s Shop) error {
	all, err := template.ParseFS(files, "templates/*.yaml")
	if err != nil {
		return fmt.Errorf("parse the shop's manifests: %w", err)
	}
	bearer, err := s.Key.Token()
	if err != nil {
		return err
	}
	v := values{
		Shop: s, KeySet: s.Key.KeySet(), Issuer: token.Issuer, CartVersions: []string{"v1", "v2"},
		Secret: base64.StdEncoding.EncodeToString([]byte(bearer)),
	}
	entries, err := files.ReadDir("templates") // sorted by name
	if err != nil {
		return fmt.Errorf("list the shop's manifests: %w", err)
	}
	var docs []string
	for _, e := range entries {
		var text bytes.Buffer
		if err := all.ExecuteTemplate(&text, e.Name(), v); err != nil {
			return fmt.Errorf("print the shop's manifests: %w", err)
		}
		if doc := strings.TrimSpace(text.String()); doc != "" {
			docs = append(docs, doc+"\n")
		}
	}
	_, err = io.WriteString(out, strings.Join(docs, "---\n"))
	return err
}
