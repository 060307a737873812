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

// Image is a container image on top of a base layer.
type Image struct {
	// Name includes the tag, as pods refer to it.
	Name string
	// User runs the entrypoint. Empty is root.
	User       string
	Entrypoint []string
	// Files maps destinations to sources.
	Files map[string]string
}

// Write writes the images to one archive for `ctr images import`. Shared layers are stored once.
func Write(path string, base v1.Layer, images []Image) error {
	all := map[name.Tag]v1.Image{}
	for _, i := range images {
		tag, err := name.NewTag(i.Name)
		if err != nil {
			return fmt.Errorf("parse image name %q: %w", i.Name, err)
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
