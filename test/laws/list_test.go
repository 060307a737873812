// SPDX-License-Identifier: Apache-2.0

package laws

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"testing"
)

// root is the repository, seen from here.
const root = "../.."

// listed is what go list says of a package.
type listed struct {
	ImportPath string
	Standard   bool
	Imports    []string
	Module     origin
}

// origin is the module that a package comes from.
type origin struct{ Path string }

func from(path string) origin { return origin{Path: path} }

// deps lists the packages of the module in a folder and all that they depend on, tests aside.
func deps(t *testing.T, folder string) map[string]listed {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", "list", "-deps", "-json=ImportPath,Standard,Imports,Module", "./...")
	var said, failed bytes.Buffer
	cmd.Dir, cmd.Stdout, cmd.Stderr = folder, &said, &failed
	if err := cmd.Run(); err != nil {
		t.Fatalf("list the packages of %s: %v\n%s", folder, err, failed.String())
	}
	all := map[string]listed{}
	for d := json.NewDecoder(&said); ; {
		var p listed
		switch err := d.Decode(&p); {
		case errors.Is(err, io.EOF):
			return all
		case err != nil:
			t.Fatalf("read what go list says of %s: %v", folder, err)
		}
		all[p.ImportPath] = p
	}
}
