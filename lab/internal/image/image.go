// SPDX-License-Identifier: Apache-2.0

package image

import (
	"fmt"
	"runtime"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
)

// Image is one image to be put together on top of a base layer.
type Image struct {
	// Name with its tag, as pods ask for it.
	Name string
	// User is who the entrypoint runs as; empty is root.
	User       string
	Entrypoint []string
	// Files are destination -> source.
	Files map[string]string
}

// Write writes the images as one archive that `ctr images import` reads; layers
// that several have are in it once.
func Write(path string, base v1.Layer, images []Image) error {
	all := map[name.Tag]v1.Image{}
	for _, i := range images {
		tag, err := name.NewTag(i.Name)
		if err != nil {
			return fmt.Errorf("read image name %q: %w", i.Name, err)
		}
		if all[tag], err = i.build(base); err != nil {
			return fmt.Errorf("build image %s: %w", i.Name, err)
		}
	}
	if err := tarball.MultiWriteToFile(path, all); err != nil {
		return fmt.Errorf("write the images to %s: %w", path, err)
	}
	return nil
}

func (i Image) build(base v1.Layer) (v1.Image, error) {
	layers := []v1.Layer{base}
	if len(i.Files) > 0 {
		own, err := FileLayer(i.Files)
		if err != nil {
			return nil, err
		}
		layers = append(layers, own)
	}
	img, err := mutate.AppendLayers(empty.Image, layers...)
	if err != nil {
		return nil, err
	}
	return mutate.ConfigFile(img, i.config(img))
}

func (i Image) config(img v1.Image) *v1.ConfigFile {
	c := &v1.ConfigFile{Architecture: runtime.GOARCH, OS: "linux"}
	if old, err := img.ConfigFile(); err == nil {
		c.RootFS = old.RootFS
	}
	c.Config = v1.Config{
		User: i.User, Entrypoint: i.Entrypoint,
		Env: []string{"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"},
	}
	return c
}
