// SPDX-License-Identifier: Apache-2.0

package parts

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

const debian12 = "PRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\nVERSION_CODENAME=bookworm\nID=debian\n"

func TestFindMirror(t *testing.T) {
	for _, c := range []struct {
		name    string
		sources []string
		want    mirror
	}{
		{
			name: "deb822",
			sources: []string{
				"deb https://elsewhere.example/apt stable main\n",
				"Types: deb\n# a comment\nURIs: http://mirror.example/debian\nSuites: bookworm bookworm-updates\nComponents: main\n" +
					"\nTypes: deb\nURIs: http://mirror.example/debian-security\nSuites: bookworm-security\nComponents: main\n",
			},
			want: mirror{"http://mirror.example/debian", "bookworm"},
		},
		{
			name: "one line",
			sources: []string{"# deb http://old.example/debian bookworm main\n" +
				"deb-src http://src.example/debian bookworm main\n" +
				"deb http://mirror.example/debian-security bookworm-security main\n" +
				"deb [arch=amd64 signed-by=/x] http://mirror.example/debian bookworm main contrib\n"},
			want: mirror{"http://mirror.example/debian", "bookworm"},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := findMirror(debian12, c.sources)
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(c.want, got); d != "" {
				t.Error(d)
			}
		})
	}
}

func TestFindMirrorFailsWithoutMatch(t *testing.T) {
	if m, err := findMirror("ID=fedora\nPRETTY_NAME=Fedora\n", nil); err == nil {
		t.Errorf("Fedora: got mirror %v, want an error", m)
	}
	if m, err := findMirror(debian12, []string{"deb http://mirror.example/debian trixie main\n"}); err == nil {
		t.Errorf("another release: got mirror %v, want an error", m)
	}
}
