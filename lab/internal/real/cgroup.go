// SPDX-License-Identifier: Apache-2.0

package real

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"github.com/rerig/rerig/lab/internal/state"
)

const cgroupMount = "/sys/fs/cgroup"

// createCgroups creates the cgroup that contains the lab's pods: one in each hierarchy of cgroup
// v1, or the single one of v2.
func createCgroups(mount, name string) error {
	for _, root := range cgroupRoots(mount) {
		err := os.Mkdir(filepath.Join(root, name), 0o755)
		if err != nil && !errors.Is(err, fs.ErrExist) && !errors.Is(err, syscall.EROFS) {
			return fmt.Errorf("create the lab's cgroup: %w", err)
		}
		if err := setCPUWeight(filepath.Join(root, name)); err != nil {
			return fmt.Errorf("set the CPU weight of the lab's cgroup: %w", err)
		}
	}
	return nil
}

// setCPUWeight gives all pods together the CPU weight of 64 processes. With the default weight of
// one process, a compiler on the same machine starves their probes and requests.
func setCPUWeight(cgroup string) error {
	for file, weight := range map[string]string{"cpu.shares": "65536", "cpu.weight": "6400"} {
		f, err := os.OpenFile(filepath.Join(cgroup, file), os.O_WRONLY, 0)
		if errors.Is(err, fs.ErrNotExist) {
			continue // another hierarchy or the other version
		}
		if err != nil {
			return err
		}
		_, err = f.WriteString(weight)
		if err := errors.Join(err, f.Close()); err != nil {
			return err
		}
	}
	return nil
}

// cgroupRoots returns the roots of the cgroup trees below mount. With cgroup v2 that is mount
// itself, which has the file cgroup.controllers.
func cgroupRoots(mount string) []string {
	if _, err := os.Stat(filepath.Join(mount, "cgroup.controllers")); err == nil {
		return []string{mount}
	}
	found, _ := filepath.Glob(filepath.Join(mount, "*", "cgroup.procs"))
	for i, f := range found {
		found[i] = filepath.Dir(f)
	}
	return found
}

// RemoveCgroups removes the cgroups of a lab whose processes have ended.
func RemoveCgroups(l state.Lab) error {
	for _, root := range cgroupRoots(cgroupMount) {
		if err := removeCgroup(filepath.Join(root, cgroupName(l.Name)), 5*time.Second); err != nil {
			return fmt.Errorf("remove the cgroup of lab %s: %w", l.Name, err)
		}
	}
	return nil
}

// removeCgroup removes a cgroup and its children. It retries, because ended processes take a moment
// to leave their cgroup.
func removeCgroup(path string, timeout time.Duration) error {
	until := time.Now().Add(timeout)
	for {
		err := removeCgroupOnce(path)
		if err == nil || time.Now().After(until) {
			return err
		}
		time.Sleep(50 * time.Millisecond)
	}
}

func removeCgroupOnce(path string) error {
	entries, err := os.ReadDir(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	for _, e := range entries {
		if e.IsDir() {
			if err := removeCgroupOnce(filepath.Join(path, e.Name())); err != nil {
				return err
			}
		}
	}
	if err := syscall.Rmdir(path); err != nil && err != syscall.ENOENT {
		return fmt.Errorf("remove %s: %w", path, err)
	}
	return nil
}
