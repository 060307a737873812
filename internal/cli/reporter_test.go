// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestRunIsRecorded(t *testing.T) {
	file := filepath.Join(t.TempDir(), "run.cast")
	t.Setenv(recordVariable, file)
	code, out, err := runOn(shop(), upgradeLine+" --yes")
	if code != exitDone || !strings.Contains(out, "nothing is left to do") {
		t.Fatalf("got exit code %d, want %d and the lines of the run: %s\n%s", code, exitDone, err, out)
	}
	cast, e := os.ReadFile(file)
	if e != nil {
		t.Fatal(e)
	}
	for _, want := range []string{
		`{"version": 2, "width": 100, "height": 30}`, "restarted Deployment shop-web/web", "to-1-31-0: upgrade to 1-31-0",
	} {
		if !strings.Contains(string(cast), want) {
			t.Errorf("recording: want %q in:\n%s", want, cast)
		}
	}
}

func TestRunGoesOnWithoutItsRecording(t *testing.T) {
	t.Setenv(recordVariable, filepath.Join(t.TempDir(), "missing", "run.cast"))
	code, _, err := runOn(shop(), upgradeLine+" --yes")
	if want := "the live view is not recorded (RERIG_RECORD)"; code != exitDone || !strings.Contains(err, want) {
		t.Errorf("got exit code %d, want %d and %q: %s", code, exitDone, want, err)
	}
}

func TestDetailsListTheEvidence(t *testing.T) {
	for _, c := range []struct {
		name, flag string
		want       bool
	}{{name: "without"}, {name: "with", flag: " --details", want: true}} {
		t.Run(c.name, func(t *testing.T) {
			code, out, err := runOn(shop(), upgradeLine+" --yes"+c.flag)
			if got := strings.Contains(out, "EVIDENCE"); code != exitDone || got != c.want {
				t.Errorf("got exit code %d and evidence %t, want %t: %s", code, got, c.want, err)
			}
		})
	}
}
