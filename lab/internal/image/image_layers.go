// SPDX-License-Identifier: Apache-2.0

// Package image builds container images from files, without a container engine.
package image

import (
	"archive/tar"
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/static"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// epoch is the modification time of every file, so that equal files give equal layers.
var epoch = time.Unix(0, 0)

// FileLayer returns a layer of single files (destination to source). All are executable and owned
// by root.
func FileLayer(files map[string]string) (v1.Layer, error) {
	var buf bytes.Buffer
	t := tar.NewWriter(&buf)
	var names []string
	for destination := range files {
		names = append(names, destination)
	}
	slices.Sort(names)
	for _, destination := range names {
		b, err := os.ReadFile(files[destination])
		if err != nil {
			return nil, fmt.Errorf("add %s to a layer: %w", destination, err)
		}
		h := &tar.Header{Name: strings.TrimPrefix(destination, "/"), Mode: 0o755, Size: int64(len(b)), ModTime: epoch, Typeflag: tar.TypeReg}
		if err := errors.Join(t.WriteHeader(h), writeContent(t, b)); err != nil {
			return nil, fmt.Errorf("add %s to a layer: %w", destination, err)
		}
	}
	return finishLayer(t, &buf)
}

// TreeLayer returns a layer of a root file system without the excluded paths.
func TreeLayer(root string, exclude []string) (v1.Layer, error) {
	var buf bytes.Buffer
	t := tar.NewWriter(&buf)
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(root, path)
		if err != nil || rel == "." {
			return err
		}
		if slices.Contains(exclude, rel) {
			if d.IsDir() {
				return fs.SkipDir
			}
			return nil
		}
		return addEntry(t, path, rel, d)
	})
	if err != nil {
		return nil, fmt.Errorf("add %s to a layer: %w", root, err)
	}
	return finishLayer(t, &buf)
}

func addEntry(t *tar.Writer, path, rel string, d fs.DirEntry) error {
	info, err := d.Info()
	if err != nil {
		return err
	}
	if info.Mode()&(fs.ModeDevice|fs.ModeSocket|fs.ModeNamedPipe) != 0 {
		return nil // the container runtime creates devices
	}
	var link string
	if info.Mode()&fs.ModeSymlink != 0 {
		if link, err = os.Readlink(path); err != nil {
			return err
		}
	}
	h, err := tar.FileInfoHeader(info, link)
	if err != nil {
		return err
	}
	h.Name, h.ModTime, h.Uname, h.Gname = rel, epoch, "", ""
	if info.IsDir() {
		h.Name += "/"
	}
	if err := t.WriteHeader(h); err != nil || !info.Mode().IsRegular() {
		return err
	}
	b, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	return writeContent(t, b)
}

func writeContent(t *tar.Writer, b []byte) error {
	_, err := t.Write(b)
	return err
}

// finishLayer leaves the layer uncompressed. It is never transferred, and is unpacked at every
// start.
func finishLayer(t *tar.Writer, buf *bytes.Buffer) (v1.Layer, error) {
	if err := t.Close(); err != nil {
		return nil, fmt.Errorf("close a layer: %w", err)
	}
	return static.NewLayer(buf.Bytes(), types.DockerUncompressedLayer), nil
}
