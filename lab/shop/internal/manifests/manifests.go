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

// Shop is what may differ from one shop to the next.
type Shop struct {
	// Image is the image that holds the shop's binary, Revision the Istio revision that its namespaces name.
	Image, Revision string
	// Rate is the load's, in requests a second; 0 is no load.
	Rate float64
	Key  token.Key
}

// values are what the templates are filled with.
type values struct {
	Shop
	KeySet, Issuer string
	// Secret is the token, as a Secret holds it.
	Secret       string
	CartVersions []string
}

// Print writes all objects in the order in which they want to be applied: namespaces, rules, workloads, load.
// The same shop with the same key always prints the same.
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
