// SPDX-License-Identifier: Apache-2.0

package spec

import "testing"

// A revision that nobody named bears the name of its version.
func TestRevisionIsNamedAfterItsVersion(t *testing.T) {
	for line, want := range map[string]string{
		"--version v1.31.0":                                        "1-31-0",
		"--operator testdata/tagged.yaml":                          "1-32-0",
		"--operator testdata/tagged.yaml --version 1.32.1-alpha.0": "1-32-1-alpha-0",
		"--to canary --operator testdata/tagged.yaml":              "canary",
		"--await --version 1.31.0":                                 "1-31-0",
	} {
		if u := asked(t, line); u.Spec.Revision != want || u.Name != "to-"+want {
			t.Errorf("%s: revision %s, run %s; want %s", line, u.Spec.Revision, u.Name, want)
		}
	}
}
