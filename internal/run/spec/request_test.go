// SPDX-License-Identifier: Apache-2.0

package spec

import "testing"

// A revision without a name is named after its version.
func TestRevisionIsNamedAfterItsVersion(t *testing.T) {
	for _, c := range []struct{ line, want string }{
		{"--version v1.31.0", "1-31-0"},
		{"--operator testdata/tagged.yaml", "1-32-0"},
		{"--operator testdata/tagged.yaml --version 1.32.1-alpha.0", "1-32-1-alpha-0"},
		{"--to canary --operator testdata/tagged.yaml", "canary"},
		{"--await --version 1.31.0", "1-31-0"},
	} {
		t.Run(c.line, func(t *testing.T) {
			if u := asked(t, c.line); u.Spec.Revision != c.want || u.Name != "to-"+c.want {
				t.Errorf("got revision %s of run %s, want %s of to-%s", u.Spec.Revision, u.Name, c.want, c.want)
			}
		})
	}
}
