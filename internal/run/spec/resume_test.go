// SPDX-License-Identifier: Apache-2.0

package spec

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/pflag"
	"sigs.k8s.io/yaml"
)

// resumeCase is a recorded specification, a command that continues the run, and
// what the two make.
type resumeCase struct {
	Recorded    Spec     `json:"recorded"`
	Flags       string   `json:"flags"` // a | in an argument stands for a space
	File        any      `json:"file"`  // the spec of a MeshUpgrade file
	Merged      Spec     `json:"merged"`
	Changes     []string `json:"changes"`
	Unstated    []string `json:"unstated"`
	Differences []string `json:"differences"`
}

func TestResumeMergesTheRecord(t *testing.T) {
	paths, err := filepath.Glob("testdata/resume/*.yaml")
	if err != nil || len(paths) == 0 {
		t.Fatalf("got cases %v and error %v, want some", paths, err)
	}
	for _, path := range paths {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".yaml"), func(t *testing.T) {
			content, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			var c resumeCase
			if err := yaml.UnmarshalStrict(content, &c); err != nil {
				t.Fatal(err)
			}
			if err := c.Recorded.UseCurrentNames(); err != nil {
				t.Fatal(err)
			}
			asked, stated := c.request(t)
			merged, changes := Merge(asked, c.Recorded, stated)
			if diff := cmp.Diff(c.Merged, merged); diff != "" {
				t.Errorf("merged (-want +got):\n%s", diff)
			}
			var texts []string
			for _, change := range changes {
				text := change.String()
				if change.NeedsApproval {
					text += " (approval)"
				}
				texts = append(texts, text)
			}
			if diff := cmp.Diff(c.Changes, texts); diff != "" {
				t.Errorf("changes (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(c.Unstated, Unstated(c.Recorded, stated)); diff != "" {
				t.Errorf("unstated (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(c.Differences, Differences(asked, c.Recorded)); diff != "" {
				t.Errorf("differences (-want +got):\n%s", diff)
			}
		})
	}
}

// request returns what the case's flags, or its file, ask for.
func (c resumeCase) request(t *testing.T) (Spec, Stated) {
	t.Helper()
	var arguments []string
	for argument := range strings.FieldsSeq(c.Flags) {
		arguments = append(arguments, strings.ReplaceAll(argument, "|", " "))
	}
	var file []byte
	if c.File != nil {
		var err error
		file, err = yaml.Marshal(map[string]any{"apiVersion": "rerig.dev/v1alpha1", "kind": "MeshUpgrade", "spec": c.File})
		if err != nil {
			t.Fatal(err)
		}
		arguments = append(arguments, "-f", "-")
	}
	var f Flags
	set := pflag.NewFlagSet("", pflag.ContinueOnError)
	f.AddTo(set)
	if err := set.Parse(arguments); err != nil {
		t.Fatal(err)
	}
	u, err := f.MeshUpgrade(t.Context(), strings.NewReader(string(file)))
	if err != nil {
		t.Fatal(err)
	}
	return u.Spec, f.Stated
}
