// SPDX-License-Identifier: Apache-2.0

package parts

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// nodePackages are the Debian packages of a node.
var nodePackages = []string{
	"containerd", "runc", "containernetworking-plugins", "iptables", "conntrack",
	"iproute2", "procps", "prometheus", "ca-certificates",
}

// Rootfs returns a Debian root file system with the packages of a node. It needs root, and
// debootstrap, which it installs on the machine if missing.
func (s Store) Rootfs(ctx context.Context) (string, error) {
	return s.debianRoot(ctx, "rootfs", nodePackages)
}

func (s Store) debianRoot(ctx context.Context, name string, packages []string) (string, error) {
	m, err := hostMirror()
	if err != nil {
		return "", err
	}
	key := append([]string{m.URI, m.Suite}, packages...)
	dir, err := s.Cache.Dir(ctx, name, key, func(ctx context.Context, dir string) error {
		tool, err := s.debootstrap(ctx)
		if err != nil {
			return err
		}
		root := filepath.Join(dir, "root")
		include := "--include=" + strings.Join(packages, ",")
		if err := runQuietly(exec.CommandContext(ctx, tool, "--variant=minbase", include, m.Suite, root, m.URI)); err != nil {
			return err
		}
		return os.RemoveAll(filepath.Join(root, "var/cache/apt")) // the downloaded packages
	})
	return filepath.Join(dir, "root"), err
}

// debootstrap returns the path of debootstrap and installs it if missing. Nothing else is ever
// installed on the machine.
func (s Store) debootstrap(ctx context.Context) (string, error) {
	for _, dir := range append(filepath.SplitList(os.Getenv("PATH")), "/usr/sbin") {
		if _, err := os.Stat(filepath.Join(dir, "debootstrap")); err == nil {
			return filepath.Join(dir, "debootstrap"), nil
		}
	}
	fmt.Fprintln(s.Log, "Installing the package debootstrap on this machine with apt-get. Nothing else is installed on it.")
	install := func() error {
		return runQuietly(aptGet(ctx, "install", "-y", "--no-install-recommends", "debootstrap"))
	}
	if install() != nil { // the package lists may be missing or out of date
		if err := runQuietly(aptGet(ctx, "update")); err != nil {
			return "", fmt.Errorf("install debootstrap: %w", err)
		}
		if err := install(); err != nil {
			return "", fmt.Errorf("install debootstrap: %w", err)
		}
	}
	return "/usr/sbin/debootstrap", nil
}

func aptGet(ctx context.Context, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, "apt-get", args...)
	cmd.Env = append(os.Environ(), "DEBIAN_FRONTEND=noninteractive")
	return cmd
}

// runQuietly runs a command and returns the end of its output only as part of an error.
func runQuietly(cmd *exec.Cmd) error {
	out, err := cmd.CombinedOutput()
	if err == nil {
		return nil
	}
	lines := strings.Split(strings.TrimSpace(string(out)), "\n")
	return fmt.Errorf("%s: %w: %s", filepath.Base(cmd.Path), err, strings.Join(lines[max(0, len(lines)-8):], "\n"))
}
