// SPDX-License-Identifier: Apache-2.0

package real

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func touchFile(t *testing.T, path string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, nil, 0o644); err != nil {
		t.Fatal(err)
	}
}

func TestCreateCgroupsV1(t *testing.T) {
	mount := t.TempDir()
	touchFile(t, filepath.Join(mount, "cpu", "cgroup.procs"))
	touchFile(t, filepath.Join(mount, "unified", "cgroup.procs"))
	if err := os.MkdirAll(filepath.Join(mount, "no-hierarchy"), 0o755); err != nil {
		t.Fatal(err)
	}
	for range 2 { // the second call changes nothing
		if err := createCgroups(mount, "rerig-x"); err != nil {
			t.Fatal(err)
		}
	}
	made, _ := filepath.Glob(filepath.Join(mount, "*", "rerig-x"))
	want := []string{filepath.Join(mount, "cpu", "rerig-x"), filepath.Join(mount, "unified", "rerig-x")}
	if d := cmp.Diff(want, made); d != "" {
		t.Error(d)
	}
}

func TestSetCPUWeight(t *testing.T) {
	for _, c := range []struct{ name, file string }{
		{name: "v1", file: "cpu.shares"},
		{name: "v2", file: "cpu.weight"},
	} {
		t.Run(c.name, func(t *testing.T) {
			cgroup := t.TempDir()
			touchFile(t, filepath.Join(cgroup, c.file))
			if err := setCPUWeight(cgroup); err != nil {
				t.Fatal(err)
			}
			if b, err := os.ReadFile(filepath.Join(cgroup, c.file)); err != nil || len(b) == 0 {
				t.Errorf("%s: got %q, %v, want a weight", c.file, b, err)
			}
		})
	}
	empty := t.TempDir()
	if err := setCPUWeight(empty); err != nil {
		t.Error(err)
	}
	if made, _ := os.ReadDir(empty); len(made) != 0 {
		t.Errorf("got files %v, want none", made)
	}
}

func TestCgroupRootsV2(t *testing.T) {
	mount := t.TempDir()
	touchFile(t, filepath.Join(mount, "cgroup.controllers"))
	touchFile(t, filepath.Join(mount, "system.slice", "cgroup.procs"))
	if d := cmp.Diff([]string{mount}, cgroupRoots(mount)); d != "" {
		t.Error(d)
	}
}

func TestRemoveCgroup(t *testing.T) {
	top := filepath.Join(t.TempDir(), "rerig-x")
	if err := os.MkdirAll(filepath.Join(top, "kubepods", "pod1", "c1"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := removeCgroup(top, time.Second); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(top); !os.IsNotExist(err) {
		t.Errorf("got the cgroup (%v), want none", err)
	}
	if err := removeCgroup(top, time.Second); err != nil {
		t.Errorf("second removal: got error %v, want none", err)
	}
}
