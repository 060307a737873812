// SPDX-License-Identifier: Apache-2.0

package parts

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"sort"
	"strings"
)

// program is one binary of a module.
type program struct {
	name    string
	pkg     string // package path for `go build`
	ldflags string
}

// goModulePart is a module below Source whose programs form a part.
type goModulePart struct {
	name     string // name of the part
	dir      string // below Source
	programs []program
	// copies maps module paths to files or directories of that module that are copied beside the
	// programs.
	copies map[string][]string
	// links maps other names to programs.
	links map[string]string
}

func (s Store) goModule(ctx context.Context, m goModulePart) (string, error) {
	src := filepath.Join(s.Source, m.dir)
	key, err := sourceKey(src)
	if err != nil {
		return "", fmt.Errorf("read the module of %s: %w", m.name, err)
	}
	key = append(key, runtime.Version(), runtime.GOOS, runtime.GOARCH, fmt.Sprint(m))
	return s.Cache.Dir(ctx, m.name, key, func(ctx context.Context, out string) error {
		for _, p := range m.programs {
			if err := goBuild(ctx, src, p, filepath.Join(out, p.name)); err != nil {
				return err
			}
		}
		for mod, paths := range m.copies {
			if err := copyFromModule(ctx, src, mod, paths, out); err != nil {
				return err
			}
		}
		for link, to := range m.links {
			if err := os.Symlink(to, filepath.Join(out, link)); err != nil {
				return fmt.Errorf("link %s: %w", link, err)
			}
		}
		return nil
	})
}

func goBuild(ctx context.Context, src string, p program, out string) error {
	_, err := goTool(ctx, src, "build", "-mod=readonly", "-trimpath", "-buildvcs=false", "-ldflags", p.ldflags, "-o", out, p.pkg)
	return err
}

func goTool(ctx context.Context, dir string, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, "go", args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOWORK=off", "GOFLAGS=")
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("go %s in %s: %w: %s", args[0], dir, err, strings.TrimSpace(stderr.String()))
	}
	return strings.TrimSpace(string(out)), nil
}

// copyFromModule copies files or directories of a module from the module cache, whose files are
// read-only.
func copyFromModule(ctx context.Context, src, mod string, paths []string, out string) error {
	dir, err := goTool(ctx, src, "list", "-mod=readonly", "-m", "-f", "{{.Dir}}", mod)
	if err != nil {
		return err
	}
	for _, p := range paths {
		from, to := filepath.Join(dir, p), filepath.Join(out, filepath.Base(p))
		if info, err := os.Stat(from); err == nil && info.IsDir() {
			if err := os.CopyFS(to, os.DirFS(from)); err != nil {
				return fmt.Errorf("copy %s: %w", from, err)
			}
			continue
		}
		b, err := os.ReadFile(from)
		if err != nil {
			return fmt.Errorf("copy from %s: %w", mod, err)
		}
		if err := os.WriteFile(to, b, 0o644); err != nil {
			return fmt.Errorf("copy from %s: %w", mod, err)
		}
	}
	return nil
}

// sourceKey returns name and content of every file of a source directory, sorted, without tests.
func sourceKey(dir string) ([]string, error) {
	var key []string
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() || strings.HasSuffix(path, "_test.go") {
			return err
		}
		b, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(dir, path)
		key = append(key, rel+"\n"+string(b))
		return err
	})
	sort.Strings(key)
	return key, err
}
