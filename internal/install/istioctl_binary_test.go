// SPDX-License-Identifier: Apache-2.0

package install

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestFindIstioctlRefuses(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	plain := filepath.Join(t.TempDir(), "istioctl")
	if err := os.WriteFile(plain, []byte("#!/bin/sh\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct{ path, fault string }{
		"none in PATH":   {"", "there is none in PATH"},
		"not there":      {"/nowhere/istioctl", "/nowhere/istioctl"},
		"not executable": {plain, "cannot be executed"},
		"foreign":        {writeScript(t, "echo hello"), `answered "hello"; is it an istioctl?`},
		"failing":        {writeScript(t, "exit 3"), "exit status 3"},
		"other json":     {writeScript(t, `echo '{"a":1}'`), "is it an istioctl?"},
	} {
		_, err := FindIstioctl(t.Context(), c.path)
		if err == nil || !strings.Contains(err.Error(), c.fault) {
			t.Errorf("%s: %v; want a fault with %q", name, err, c.fault)
		}
	}
}

func TestFindIstioctlInPath(t *testing.T) {
	path := writeScript(t, `echo '{"clientVersion":{"version":"1.31.0"}}'`)
	t.Setenv("PATH", filepath.Dir(path))
	found, err := FindIstioctl(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	if found != (Istioctl{Path: path, Version: "1.31.0"}) {
		t.Errorf("found %+v", found)
	}
}

func TestIstioctlOfAnotherVersion(t *testing.T) {
	istioctl := Istioctl{Path: "/opt/istioctl", Version: "1.29.1"}
	err := istioctl.checkVersion("1.31.0")
	if err == nil || !strings.Contains(err.Error(), "is version 1.29.1, but the plan installs 1.31.0") {
		t.Errorf("%v", err)
	}
	if err := istioctl.checkVersion("v1.29.1-distroless"); err != nil {
		t.Errorf("its own version is refused: %v", err)
	}
}

// writeScript writes a shell script that stands in for istioctl.
func writeScript(t *testing.T, body string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "istioctl")
	if err := os.WriteFile(path, []byte("#!/bin/sh\n"+body+"\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	return path
}
