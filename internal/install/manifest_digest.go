// SPDX-License-Identifier: Apache-2.0

package install

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/rerig/rerig/internal/engine"
)

// manifestDigest returns a digest of the objects of a manifest, in any order: twelve hexadecimal
// digits.
func manifestDigest(manifest []*unstructured.Unstructured) string {
	texts := make([]string, 0, len(manifest))
	for _, o := range manifest {
		texts = append(texts, objectText(o))
	}
	slices.Sort(texts)
	content, _ := json.Marshal(texts) // strings are always marshalled
	return fmt.Sprintf("%x", sha256.Sum256(content))[:12]
}

func objectText(o *unstructured.Unstructured) string {
	content, _ := json.Marshal(o.Object) // it was parsed from JSON
	return string(content)
}

// setRendered sets the digest of the draft. A chart may render some objects differently each time, with
// a random password for example: these are found by a second rendering, are not part of the digest,
// and are noted.
func (i HelmInstaller) setRendered(ctx context.Context, d *Draft, t *helmTask, manifest []*unstructured.Unstructured) error {
	again, err := i.renderRelease(ctx, t.chart, t.values, ReleaseName(d.Revision))
	if err != nil {
		return err
	}
	texts := map[string]bool{}
	for _, o := range again {
		texts[objectText(o)] = true
	}
	var stable []*unstructured.Unstructured
	var random []string
	for _, o := range manifest {
		if texts[objectText(o)] {
			stable = append(stable, o)
		} else {
			random = append(random, objectOf(o).String())
		}
	}
	crds, err := i.chartCRDs(t.chart)
	if err != nil {
		return err
	}
	d.Rendered = manifestDigest(append(stable, crds...))
	if len(random) > 0 {
		d.Notes = append(d.Notes, "the chart renders these objects differently each time, so that their content cannot be approved: "+
			strings.Join(random, ", "))
	}
	return nil
}

// checkApproved rejects a draft whose manifest is not the one that was approved.
func (d Draft) checkApproved(rendered string) error {
	if rendered == "" || rendered == d.Rendered {
		return nil
	}
	return &ManifestChanged{Revision: d.Revision, Approved: rendered, Now: d.Rendered}
}

// ManifestChanged is the error of an install whose manifest is not the one that was approved.
type ManifestChanged struct {
	Revision      string
	Approved, Now string // digests
}

func (m *ManifestChanged) Error() string {
	return fmt.Sprintf("install revision %s: what would be installed is no longer what was approved "+
		"(the rendered manifest has digest %s, not %s). The chart, or charts that the IstioOperator names, changed since",
		m.Revision, m.Now, m.Approved)
}

// Unwrap returns engine.ErrRefused: a retry would only repeat it.
func (m *ManifestChanged) Unwrap() error { return engine.ErrRefused }

// Advice says what to do, for whoever finds the run held.
func (m *ManifestChanged) Advice() string {
	return "Run the same command again: it shows the plan with the manifest as it is now, and asks again."
}
