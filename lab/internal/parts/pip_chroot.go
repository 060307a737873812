// SPDX-License-Identifier: Apache-2.0

package parts

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
)

// pipInChroot runs pip in a Debian root file system of its own, for machines without pip. It copies
// the machine's network and registry configuration into it.
func (s Store) pipInChroot(ctx context.Context, args []string, to string) error {
	root, err := s.debianRoot(ctx, "pip", []string{"python3-pip", "ca-certificates"})
	if err != nil {
		return fmt.Errorf("install pip: %w", err)
	}
	for _, path := range networkConfigFiles() {
		if err := copyIntoRoot(root, path); err != nil {
			return fmt.Errorf("copy %s for pip: %w", path, err)
		}
	}
	inside := "/download"
	if err := os.RemoveAll(filepath.Join(root, inside)); err != nil {
		return err
	}
	for i, a := range args {
		if a == to {
			args[i] = inside
		}
	}
	cmd := exec.CommandContext(ctx, "/usr/bin/pip", args...)
	cmd.Dir = "/"
	cmd.Env = append(os.Environ(), "PATH=/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/root")
	cmd.SysProcAttr = &syscall.SysProcAttr{Chroot: root}
	if err := runQuietly(cmd); err != nil {
		return err
	}
	return os.Rename(filepath.Join(root, inside), to)
}

// networkConfigFiles returns the files that configure how programs of this machine reach a
// registry.
func networkConfigFiles() []string {
	paths := []string{"/etc/resolv.conf", "/etc/hosts", "/etc/pip.conf", "/etc/ssl/certs/ca-certificates.crt"}
	for _, e := range os.Environ() {
		name, path, _ := strings.Cut(e, "=")
		forPip := strings.HasPrefix(name, "PIP_") || strings.HasSuffix(name, "_CERT_FILE") || strings.HasSuffix(name, "_CA_BUNDLE")
		if forPip && filepath.IsAbs(path) {
			paths = append(paths, path)
		}
	}
	return paths
}

func copyIntoRoot(root, path string) error {
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	target := filepath.Join(root, path)
	if info.IsDir() {
		if err := os.RemoveAll(target); err != nil {
			return err
		}
		return os.CopyFS(target, os.DirFS(path))
	}
	b, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(target), 0o755); err != nil {
		return err
	}
	if err := os.RemoveAll(target); err != nil { // it may be a symlink
		return err
	}
	return os.WriteFile(target, b, 0o644)
}
