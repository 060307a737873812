// SPDX-License-Identifier: Apache-2.0

package mesh

import (
	"testing"
)

// What leads to the untagged revision without a label does so whatever the tag of
// the same name points to.
func TestReferenceToUntaggedRevision(t *testing.T) {
	w := World{Tags: []Tag{{Name: "default", Revision: "1-31-0"}}, Revisions: []Revision{{Name: "1-31-0"}, {Name: "default"}}}
	w.Sort()
	if !w.RefersTo(
		Reference{Revision: "default"},
		"default",
	) || w.RefersTo(Reference{Value: "default"}, "default") || !w.RefersTo(Reference{Value: "default"}, "1-31-0") {
		t.Error("a label and a connection are taken for the same")
	}
}
