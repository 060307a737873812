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

// makeCgroups makes the cgroup that holds the lab's pods: one in each hierarchy
// of version 1, the single one of version 2.
func makeCgroups(mount, name string) error {
	for _, at := range hierarchies(mount) {
		err := os.Mkdir(filepath.Join(at, name), 0o755)
		if err != nil && !errors.Is(err, fs.ErrExist) && !errors.Is(err, syscall.EROFS) {
			return fmt.Errorf("make the cgroup of the lab: %w", err)
		}
		if err := weigh(filepath.Join(at, name)); err != nil {
			return fmt.Errorf("give the lab its share of the processors: %w", err)
		}
	}
	return nil
}

// weigh makes the pods weigh as much as 64 of the machine's other processes. By
// default all pods together weigh as much as one, and a compiler beside the lab
// starves their probes and their requests.
func weigh(cgroup string) error {
	for file, weight := range map[string]string{"cpu.shares": "65536", "cpu.weight": "6400"} {
		f, err := os.OpenFile(filepath.Join(cgroup, file), os.O_WRONLY, 0)
		if errors.Is(err, fs.ErrNotExist) {
			continue // another hierarchy, or the other version
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

// hierarchies are the roots of the cgroup trees under mount. On version 2 that is
// mount itself, which has the file cgroup.controllers.
func hierarchies(mount string) []string {
	if _, err := os.Stat(filepath.Join(mount, "cgroup.controllers")); err == nil {
		return []string{mount}
	}
	found, _ := filepath.Glob(filepath.Join(mount, "*", "cgroup.procs"))
	for i, f := range found {
		found[i] = filepath.Dir(f)
	}
	return found
}

// Clean removes what a lab whose processes have ended leaves on the host beside its folder: its cgroups.
func Clean(l state.Lab) error {
	for _, at := range hierarchies(cgroupMount) {
		if err := removeTree(filepath.Join(at, cgroupName(l.Name)), 5*time.Second); err != nil {
			return fmt.Errorf("remove the cgroup of lab %s: %w", l.Name, err)
		}
	}
	return nil
}

// removeTree removes a cgroup, the innermost first: a cgroup's files are not
// removed, and its dead processes take a moment to leave it.
func removeTree(path string, within time.Duration) error {
	until := time.Now().Add(within)
	for {
		err := removeOnce(path)
		if err == nil || time.Now().After(until) {
			return err
		}
		time.Sleep(50 * time.Millisecond)
	}
}

func removeOnce(path string) error {
	entries, err := os.ReadDir(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	for _, e := range entries {
		if e.IsDir() {
			if err := removeOnce(filepath.Join(path, e.Name())); err != nil {
				return err
			}
		}
	}
	if err := syscall.Rmdir(path); err != nil && err != syscall.ENOENT {
		return fmt.Errorf("remove %s: %w", path, err)
	}
	return nil
}
