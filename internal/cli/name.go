// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"
	"errors"
	"fmt"

	"github.com/rerig/rerig/api/v1alpha1"
	"github.com/rerig/rerig/internal/install"
)

// call names the revision, and the run after it.
func (w *wish) call(ctx context.Context, u *v1alpha1.MeshUpgrade) error {
	way, err := wayOf(u.Spec)
	if err != nil {
		return fmt.Errorf("read the command line: %w", err)
	}
	way.Istioctl = w.istioctl
	if u.Spec.Revision, err = w.revision(ctx, way); err != nil {
		return err
	}
	if u.Name == "" {
		u.Name = nameFor(u.Spec.Revision)
	}
	return nil
}

// revision is the revision to move to: the one that was named, or one named
// after the version that is to be installed: 1-31-0 for 1.31.0. Nobody chooses a
// name twice that way.
func (w *wish) revision(ctx context.Context, way install.Way) (string, error) {
	if w.to != "" {
		return w.to, nil
	}
	if own := way.Operator.Revision(); own != "" {
		return own, nil
	}
	version := w.version
	if version == "" {
		var err error
		if version, err = way.Version(ctx); err != nil {
			return "", err
		}
	}
	if version == "" {
		return "", errors.New("read the command line: no revision to move to; name it with --to, or its version with --version, or give a MeshUpgrade file with -f")
	}
	return install.NameFor(version), nil
}
