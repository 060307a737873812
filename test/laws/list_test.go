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

// root is the path of the repository from here.
const root = "../.."

// listedPackage is a package as go list describes it.
type listedPackage struct {
	ImportPath string
	Standard   bool
	Imports    []string
	Module     origin
}

// origin is the module of a package.
type origin struct{ Path string }

func from(path string) origin { return origin{Path: path} }

// deps lists the packages of the module in a folder and their dependencies, without tests.
func deps(t *testing.T, folder string) map[string]listedPackage {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", "list", "-deps", "-json=ImportPath,Standard,Imports,Module", "./...")
	var stdout, stderr bytes.Buffer
	cmd.Dir, cmd.Stdout, cmd.Stderr = folder, &stdout, &stderr
	if err := cmd.Run(); err != nil {
		t.Fatalf("list the packages of %s: %v\n%s", folder, err, stderr.String())
	}
	all := map[string]listedPackage{}
	for d := json.NewDecoder(&stdout); ; {
		var p listedPackage
		switch err := d.Decode(&p); {
		case errors.Is(err, io.EOF):
			return all
		case err != nil:
			t.Fatalf("parse the output of go list in %s: %v", folder, err)
		}
		all[p.ImportPath] = p
	}
}
