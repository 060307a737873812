// SPDX-License-Identifier: Apache-2.0

package client

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestLoadErrors(t *testing.T) {
	empty := t.TempDir()
	t.Setenv("HOME", empty)
	t.Setenv("KUBECONFIG", filepath.Join(empty, "absent"))
	t.Setenv("KUBERNETES_SERVICE_HOST", "")
	broken := filepath.Join(empty, "broken")
	if err := os.WriteFile(broken, []byte("no: [kubeconfig"), 0o600); err != nil {
		t.Fatal(err)
	}
	valid := filepath.Join(empty, "valid")
	const contexts = "- {name: west, context: {cluster: w}}\n- {name: east, context: {cluster: e}}\n"
	if err := os.WriteFile(valid, []byte("apiVersion: v1\nkind: Config\ncontexts:\n"+contexts), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		name                string
		file, context, says string
	}{
		{"nothing set", "", "", "set KUBECONFIG, or name a file"},
		{"no such file", filepath.Join(empty, "absent"), "", "absent"},
		{"a broken file", broken, "", "read kubeconfig"},
		{"no such context", "", "elsewhere", `"elsewhere"`},
		{"another context", valid, "elsewhere", "there are: east, west"},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := Load(test.file, test.context)
			if err == nil || !strings.HasPrefix(err.Error(), "no cluster: ") || !strings.Contains(err.Error(), test.says) {
				t.Errorf("got %v, want %q", err, test.says)
			}
		})
	}
}
