// SPDX-License-Identifier: Apache-2.0

package image

import (
	"archive/tar"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
)

func testTree(t *testing.T) string {
	t.Helper()
	root := t.TempDir()
	for _, dir := range []string{"usr/bin", "usr/share/doc", "tmp"} {
		if err := os.MkdirAll(filepath.Join(root, dir), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for _, f := range []string{"usr/bin/sh", "usr/share/doc/long"} {
		if err := os.WriteFile(filepath.Join(root, f), []byte(f), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink("usr/bin", filepath.Join(root, "bin")); err != nil {
		t.Fatal(err)
	}
	return root
}

func TestTreeLayerExcludesPaths(t *testing.T) {
	root := testTree(t)
	l, err := TreeLayer(root, []string{"usr/share/doc"})
	if err != nil {
		t.Fatal(err)
	}
	r, err := l.Uncompressed()
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for tr := tar.NewReader(r); ; {
		h, err := tr.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, h.Name+h.Linkname)
	}
	want := []string{"binusr/bin", "tmp/", "usr/", "usr/bin/", "usr/bin/sh", "usr/share/"}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

func TestWriteCreatesLoadableArchive(t *testing.T) {
	root := testTree(t)
	base, err := TreeLayer(root, nil)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "images.tar")
	err = Write(path, base, []Image{
		{Name: "docker.io/lab/a:1", Entrypoint: []string{"/a"}, User: "7:7", Files: map[string]string{"/a": filepath.Join(root, "usr/bin/sh")}},
		{Name: "docker.io/lab/b:1", Entrypoint: []string{"/bin/sh"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	tag, err := name.NewTag("docker.io/lab/a:1")
	if err != nil {
		t.Fatal(err)
	}
	img, err := tarball.ImageFromPath(path, &tag)
	if err != nil {
		t.Fatal(err)
	}
	config, err := img.ConfigFile()
	if err != nil {
		t.Fatal(err)
	}
	if config.Config.User != "7:7" || config.Config.Entrypoint[0] != "/a" || len(config.RootFS.DiffIDs) != 2 {
		t.Errorf("got config %+v, %d layers, want user 7:7, entrypoint /a, 2 layers", config.Config, len(config.RootFS.DiffIDs))
	}
}
