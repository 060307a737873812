// SPDX-License-Identifier: Apache-2.0

package client

import (
	"errors"
	"strings"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/rerig/rerig/internal/engine"
)

func TestWriteErrorKinds(t *testing.T) {
	r := schema.GroupResource{Resource: "namespaces"}
	for _, test := range []struct {
		name     string
		err, is  error
		disturbs bool
	}{
		{"a conflict", apierrors.NewConflict(r, "shop", errors.New("changed")), engine.ErrConflict, true},
		{"gone", apierrors.NewNotFound(r, "shop"), engine.ErrConflict, true},
		{"not permitted", apierrors.NewForbidden(r, "shop", errors.New("no")), engine.ErrRefused, false},
		{"not valid", apierrors.NewInvalid(schema.GroupKind{}, "shop", nil), engine.ErrRefused, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := WriteError("label shop", test.err)
			if !errors.Is(got, test.is) || errors.Is(got, engine.ErrConflict) != test.disturbs || !strings.HasPrefix(got.Error(), "label shop: ") {
				t.Errorf("got %v", got)
			}
		})
	}
	got := WriteError("label shop", apierrors.NewServiceUnavailable("later"))
	if errors.Is(got, engine.ErrConflict) || errors.Is(got, engine.ErrRefused) {
		t.Errorf("a server that is unavailable: got %v", got)
	}
}

// The middle of a long answer is left out: its subject and the reason at its end
// stay, and so does its kind.
func TestWriteErrorShortensRefusal(t *testing.T) {
	const reason = "strict decoding error: unknown field"
	long := apierrors.NewBadRequest("patch: Invalid value: " + strings.Repeat("{\"apiVersion\":\"apps/v1\"}", 500) + ": " + reason)
	err := WriteError("patch Deployment shop/web", long)
	if text := err.Error(); len(text) > 800 || !strings.HasPrefix(text, "patch Deployment shop/web: ") || !strings.HasSuffix(text, reason) {
		t.Errorf("got %d bytes: %s", len(err.Error()), err)
	}
	if !errors.Is(err, engine.ErrRefused) || !apierrors.IsBadRequest(err) {
		t.Error("it is not recognized as a refusal")
	}
	if text := WriteError("patch", apierrors.NewBadRequest("no")).Error(); !strings.HasSuffix(text, ": no") {
		t.Errorf("a short one: got %s", text)
	}
}
