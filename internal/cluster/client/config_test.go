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
	whole := filepath.Join(empty, "whole")
	if err := os.WriteFile(whole, []byte("apiVersion: v1\nkind: Config\ncontexts:\n- {name: west, context: {cluster: w}}\n- {name: east, context: {cluster: e}}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct{ file, context, says string }{
		"nothing set":     {"", "", "set KUBECONFIG, or name a file"},
		"no such file":    {filepath.Join(empty, "absent"), "", "absent"},
		"a broken file":   {broken, "", "read kubeconfig"},
		"no such context": {"", "elsewhere", `"elsewhere"`},
		"another context": {whole, "elsewhere", "there are: east, west"},
	} {
		_, err := Load(test.file, test.context)
		if err == nil || !strings.HasPrefix(err.Error(), "no cluster: ") || !strings.Contains(err.Error(), test.says) {
			t.Errorf("%s: got %v, want %q", name, err, test.says)
		}
	}
}
