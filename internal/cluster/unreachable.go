// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"errors"
	"fmt"
	"net"
	"net/url"

	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/rerig/rerig/internal/engine"
)

// reading words a failed read so that a person can act upon it.
func reading(what string, err error) error {
	var network net.Error
	var address *url.Error
	switch {
	case err == nil:
		return nil
	case apierrors.IsUnauthorized(err):
		return fmt.Errorf("read %s: the cluster does not accept these credentials (log in again, or choose another context): %w: %w", what, engine.ErrRefused, err)
	case apierrors.IsForbidden(err):
		return fmt.Errorf("read %s: no permission: %w: %w", what, engine.ErrRefused, err)
	case errors.As(err, &address) && errors.As(err, &network):
		return fmt.Errorf("no cluster: read %s: %w (is the cluster up, and is this the right context?)", what, err)
	}
	return fmt.Errorf("read %s: %w", what, err)
}
