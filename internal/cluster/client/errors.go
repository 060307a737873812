// SPDX-License-Identifier: Apache-2.0

package client

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/rerig/rerig/internal/engine"
)

// shownLength bounds how much of the API server's own text is shown: it repeats a
// complete object that it cannot read.
const shownLength = 600

// ReadError says what could not be read, and why. It wraps engine.ErrRefused where
// the user is not permitted. It returns nil for nil.
func ReadError(what string, err error) error {
	var network net.Error
	var address *url.Error
	switch {
	case err == nil:
		return nil
	case apierrors.IsUnauthorized(err):
		return fmt.Errorf("read %s: the cluster does not accept these credentials (log in again, or choose another context): %w: %w",
			what, engine.ErrRefused, err)
	case apierrors.IsForbidden(err):
		return fmt.Errorf("read %s: no permission: %w: %w", what, engine.ErrRefused, err)
	case errors.As(err, &address) && errors.As(err, &network):
		return fmt.Errorf("no cluster: read %s: %w (is the cluster up, and is this the right context?)", what, err)
	}
	return fmt.Errorf("read %s: %w", what, err)
}

// WriteError says what could not be written, and why. It wraps
// engine.ErrConflict where the object changed or is gone, and engine.ErrRefused
// where the API server will refuse it again; any other write may be repeated. It
// returns nil for nil.
func WriteError(what string, err error) error {
	switch {
	case err == nil:
		return nil
	case apierrors.IsConflict(err) || apierrors.IsNotFound(err):
		return fmt.Errorf("%s: %w: %w", what, engine.ErrConflict, err)
	case IsRefused(err):
		return fmt.Errorf("%s: %w: %w", what, engine.ErrRefused, shorten(err))
	}
	return fmt.Errorf("%s: %w", what, err)
}

// IsRefused reports whether the API server refuses a request however often it is
// sent.
func IsRefused(err error) bool {
	var status apierrors.APIStatus
	return apierrors.IsForbidden(err) || apierrors.IsUnauthorized(err) || apierrors.IsInvalid(err) || apierrors.IsBadRequest(err) ||
		apierrors.IsRequestEntityTooLargeError(err) || (errors.As(err, &status) && status.Status().Code == http.StatusMethodNotAllowed)
}

// Final marks an error that another attempt does not mend, though no API server
// refused anything. It wraps engine.ErrRefused without its text.
func Final(err error) error { return final{err} }

type final struct{ error }

func (f final) Is(target error) bool { return target == engine.ErrRefused }

func (f final) Unwrap() error { return f.error }

// shorten returns an error whose text a person reads to the end.
func shorten(err error) error {
	text := err.Error()
	if len(text) <= shownLength {
		return err
	}
	head, tail := text[:shownLength/2], text[len(text)-shownLength/2:]
	return &shortened{err, strings.ToValidUTF8(head, "") + " … " + strings.ToValidUTF8(tail, "")}
}

type shortened struct {
	error
	text string
}

func (s *shortened) Error() string { return s.text }

func (s *shortened) Unwrap() error { return s.error }
