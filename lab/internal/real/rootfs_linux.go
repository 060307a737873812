// SPDX-License-Identifier: Apache-2.0

package real

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/rerig/rerig/lab/internal/state"
)

type mount struct {
	source, target, kind string
	flags                uintptr
	options              string
}

// pivotToRootfs makes the Debian root file system the root of this mount namespace. Writes go to
// memory and end with the namespace. The host's tree is unmounted, except the cache, which keeps
// its path.
func pivotToRootfs(l state.Lab) error {
	// Changes must not propagate to the host.
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		return fmt.Errorf("make the host's mounts private: %w", err)
	}
	scratch := filepath.Join(l.Dir, "root")
	root := filepath.Join(scratch, "merged")
	for _, m := range mounts(l, scratch, root) {
		if err := m.apply(); err != nil {
			return err
		}
	}
	if err := pivotRoot(root); err != nil {
		return err
	}
	return linkTools(l)
}

// mounts returns the mounts in order: a mount comes after the one that contains it.
func mounts(l state.Lab, scratch, root string) []mount {
	in := func(p string) string { return filepath.Join(root, p) }
	overlay := fmt.Sprintf("lowerdir=%s,upperdir=%s/upper,workdir=%s/work", l.Parts["rootfs"], scratch, scratch)
	return []mount{
		{source: "tmpfs", target: scratch, kind: "tmpfs", options: "mode=755"},
		{source: "overlay", target: root, kind: "overlay", options: overlay},
		{source: "proc", target: in("proc"), kind: "proc"},
		{source: "sysfs", target: in("sys"), kind: "sysfs"},
		{source: cgroupMount, target: in("sys/fs/cgroup"), flags: unix.MS_BIND | unix.MS_REC},
		{source: "/dev", target: in("dev"), flags: unix.MS_BIND | unix.MS_REC},
		{source: "tmpfs", target: in("run"), kind: "tmpfs", options: "mode=755"},
		{source: "tmpfs", target: in("tmp"), kind: "tmpfs", options: "mode=1777"},
		{source: l.Cache, target: in(l.Cache), flags: unix.MS_BIND},
	}
}

func (m mount) apply() error {
	if err := os.MkdirAll(m.target, 0o755); err != nil {
		return fmt.Errorf("create the mount point %s: %w", m.target, err)
	}
	for option := range strings.SplitSeq(m.options, ",") {
		if dir, ok := strings.CutPrefix(option, "upperdir="); ok {
			if err := os.MkdirAll(dir, 0o755); err != nil {
				return fmt.Errorf("create %s: %w", dir, err)
			}
		}
		if dir, ok := strings.CutPrefix(option, "workdir="); ok {
			if err := os.MkdirAll(dir, 0o755); err != nil {
				return fmt.Errorf("create %s: %w", dir, err)
			}
		}
	}
	if err := unix.Mount(m.source, m.target, m.kind, m.flags, m.options); err != nil {
		return fmt.Errorf("mount %s on %s: %w", m.source, m.target, err)
	}
	return nil
}

// pivotRoot changes the root without a directory for the old root, as pivot_root(2) describes. A
// chroot does not suffice, because runc pivots again.
func pivotRoot(root string) error {
	if err := os.Chdir(root); err != nil {
		return fmt.Errorf("change to the new root: %w", err)
	}
	if err := unix.PivotRoot(".", "."); err != nil {
		return fmt.Errorf("pivot to the new root: %w", err)
	}
	if err := unix.Unmount(".", unix.MNT_DETACH); err != nil {
		return fmt.Errorf("unmount the old root: %w", err)
	}
	if err := os.Chdir("/"); err != nil {
		return fmt.Errorf("change to the new root: %w", err)
	}
	// As on any node, mounts of one pod propagate to others.
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_SHARED, ""); err != nil {
		return fmt.Errorf("share the node's mounts: %w", err)
	}
	return unix.Sethostname([]byte(nodeName))
}

// linkTools links the lab's programs into the PATH of the namespaces.
func linkTools(l state.Lab) error {
	tools := map[string]string{"kubectl": l.Parts["kube"], "shop": l.Parts["shop"]}
	for part, dir := range l.Parts {
		if version, ok := strings.CutPrefix(part, "istio-"); ok {
			tools["istioctl-"+version] = filepath.Join(dir, "istioctl")
		}
	}
	for name, to := range tools {
		if to == "" {
			continue
		}
		if err := os.Symlink(to, filepath.Join("/usr/local/bin", name)); err != nil {
			return fmt.Errorf("link %s: %w", name, err)
		}
	}
	return nil
}
