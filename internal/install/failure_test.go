// SPDX-License-Identifier: Apache-2.0

package install

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"syscall"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/rerig/rerig/internal/engine"
)

func TestFailureIsRefusalUnlessInterrupted(t *testing.T) {
	given := fmt.Errorf("install 1-31-0: %w", &Failure{Err: errors.New("exit status 1")})
	if !errors.Is(given, engine.ErrRefused) {
		t.Error("what istioctl gave up would be tried again at once")
	}
	for _, cause := range []error{io.ErrUnexpectedEOF, syscall.ECONNREFUSED, &net.OpError{Op: "dial", Err: errors.New("no route")},
		apierrors.NewTooManyRequests("busy", 1)} {
		if lost := (&Failure{Err: fmt.Errorf("create: %w", cause)}); errors.Is(lost, engine.ErrRefused) || !errors.Is(lost, cause) {
			t.Errorf("%v passes for a refusal", cause)
		}
	}
	if forbidden := (&Failure{Err: apierrors.NewForbidden(schema.GroupResource{Resource: "secrets"}, "x", nil)}); !errors.Is(forbidden,
		engine.ErrRefused) {
		t.Error("what is forbidden would be tried again at once")
	}
	broken := fmt.Errorf("install 1-31-0: %w", &Failure{Err: context.Canceled})
	if errors.Is(broken, engine.ErrRefused) || !errors.Is(broken, context.Canceled) {
		t.Error("what was broken off passes for a refusal")
	}
}
