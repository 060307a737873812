// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"errors"
	"strings"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/rerig/rerig/internal/engine"
)

// What an API server repeats of an object is cut out of the middle: what it is
// about, and why it refuses, stay; and it is known for what it is.
func TestALongRefusalIsShortened(t *testing.T) {
	long := apierrors.NewBadRequest("patch: Invalid value: " + strings.Repeat("{\"apiVersion\":\"apps/v1\"}", 500) + ": strict decoding error: unknown field")
	err := writing("patch Deployment shop/web", long)
	if text := err.Error(); len(text) > 800 || !strings.HasPrefix(text, "patch Deployment shop/web: ") || !strings.HasSuffix(text, "strict decoding error: unknown field") {
		t.Errorf("%d bytes: %s", len(err.Error()), err)
	}
	if !errors.Is(err, engine.ErrRefused) || !apierrors.IsBadRequest(err) {
		t.Error("it is not known for a refusal")
	}
	if text := writing("patch", apierrors.NewBadRequest("no")).Error(); !strings.HasSuffix(text, ": no") {
		t.Errorf("a short one: %s", text)
	}
}
