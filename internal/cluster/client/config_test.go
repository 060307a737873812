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
	deployment := filepath.Join(empty, "deployment")
	if err := os.WriteFile(deployment, []byte("apiVersion: apps/v1\nkind: Deployment\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	values := filepath.Join(empty, "values")
	if err := os.WriteFile(values, []byte("pilot: {replicaCount: 2}\n"), 0o600); err != nil {
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
		{"a folder", empty, "", "read kubeconfig: read " + empty + ": is a directory"},
		{"a broken file", broken, "", broken + " is not a kubeconfig: "},
		{"another object", deployment, "", deployment + " is not a kubeconfig: "},
		{"another file", values, "", values + " is not a kubeconfig: it has no clusters, users or contexts; name another file with --kubeconfig"},
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

// A file of KUBECONFIG that is no kubeconfig is named; one that is missing or empty is passed over.
func TestFilesOfTheEnvironment(t *testing.T) {
	folder := t.TempDir()
	files := map[string]string{
		"empty": "", "broken": "no: [kubeconfig",
		"valid": "apiVersion: v1\nkind: Config\nclusters: [{name: w, cluster: {server: 'https://127.0.0.1:1'}}]\n" +
			"contexts: [{name: west, context: {cluster: w}}]\ncurrent-context: west\n",
	}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, test := range []struct {
		name  string
		files []string
		says  string // "" for no error
	}{
		{name: "missing and empty", files: []string{"absent", "empty", "valid"}},
		{name: "broken", files: []string{"broken", "valid"}, says: filepath.Join(folder, "broken") + " is not a kubeconfig"},
	} {
		t.Run(test.name, func(t *testing.T) {
			var paths []string
			for _, name := range test.files {
				paths = append(paths, filepath.Join(folder, name))
			}
			t.Setenv("KUBECONFIG", strings.Join(paths, string(os.PathListSeparator)))
			_, err := Load("", "")
			if (err == nil) != (test.says == "") || err != nil && !strings.Contains(err.Error(), test.says) {
				t.Errorf("got %v, want %q", err, test.says)
			}
		})
	}
}
