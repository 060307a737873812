// SPDX-License-Identifier: Apache-2.0

package install

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rerig/rerig/internal/install/process/processtest"
)

func TestFindIstioctlRefuses(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	plain := filepath.Join(t.TempDir(), "istioctl")
	if err := os.WriteFile(plain, []byte("#!/bin/sh\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name        string
		path, fault string
	}{
		{name: "none in PATH", fault: "none in PATH"},
		{name: "not there", path: "/nowhere/istioctl", fault: "/nowhere/istioctl"},
		{name: "not executable", path: plain, fault: "is not executable"},
		{name: "foreign", path: processtest.WriteScript(t, "echo hello"), fault: `unexpected output "hello". Check that it is an istioctl`},
		{name: "failing", path: processtest.WriteScript(t, "exit 3"), fault: "exit status 3"},
		{name: "other json", path: processtest.WriteScript(t, `echo '{"a":1}'`), fault: "Check that it is an istioctl"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := FindIstioctl(t.Context(), tt.path)
			if err == nil || !strings.Contains(err.Error(), tt.fault) {
				t.Errorf("got %v, want an error with %q", err, tt.fault)
			}
		})
	}
}

func TestFindIstioctlInPath(t *testing.T) {
	path := processtest.WriteScript(t, `echo '{"clientVersion":{"version":"1.31.0"}}'`)
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
	if err == nil || !strings.Contains(err.Error(), "has version 1.29.1, but the plan installs 1.31.0") {
		t.Errorf("%v", err)
	}
	if err := istioctl.checkVersion("v1.29.1-distroless"); err != nil {
		t.Errorf("its own version is refused: %v", err)
	}
}
