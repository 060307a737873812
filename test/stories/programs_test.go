// SPDX-License-Identifier: Apache-2.0

package stories

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// root is the repository, seen from here.
const root = "../.."

// sources are where the programs are built from: module and package.
var sources = map[string][2]string{
	"rerig": {".", "./cmd/rerig"},
	"lab":   {"lab", "./cmd/lab"},
}

var (
	findRerig = sync.OnceValues(func() (string, error) { return find("rerig") })
	findLab   = sync.OnceValues(func() (string, error) { return find("lab") })
)

// find returns the path of a program: from its own variable, from RERIG_BIN, or built
// now.
func find(name string) (string, error) {
	if path := os.Getenv("RERIG_TEST_" + strings.ToUpper(name)); path != "" {
		return filepath.Abs(path)
	}
	if folder := os.Getenv("RERIG_BIN"); folder != "" {
		return filepath.Abs(filepath.Join(folder, name))
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("find a place for %s: %w", name, err)
	}
	path := filepath.Join(cache, "rerig", "stories", name)
	build := exec.Command("go", "build", "-trimpath", "-buildvcs=false", "-o", path, sources[name][1])
	build.Dir = filepath.Join(root, sources[name][0])
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build %s: %w\n%s", name, err, out)
	}
	return path, nil
}

func rerigProgram(t *testing.T) string { return program(t, findRerig) }

func labProgram(t *testing.T) string { return program(t, findLab) }

func program(t *testing.T, find func() (string, error)) string {
	t.Helper()
	path, err := find()
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// istioctl returns the path of the istioctl of a version.
func istioctl(t *testing.T, version string) string {
	t.Helper()
	return strings.TrimSpace(runLab(t, "path", "istioctl-"+version))
}

// operatorFile returns the path of the lab's IstioOperator file of a revision.
func operatorFile(t *testing.T, revision string) string {
	t.Helper()
	path, err := filepath.Abs(filepath.Join(root, "lab", "istio", revision+".yaml"))
	if err != nil {
		t.Fatal(err)
	}
	return path
}
