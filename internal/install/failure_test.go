// SPDX-License-Identifier: Apache-2.0

package install

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/rerig/rerig/internal/engine"
)

func TestFailureIsARefusalUnlessBrokenOff(t *testing.T) {
	given := fmt.Errorf("install 1-31-0: %w", &Failure{Err: errors.New("exit status 1")})
	if !errors.Is(given, engine.ErrRefused) {
		t.Error("what istioctl gave up would be tried again at once")
	}
	broken := fmt.Errorf("install 1-31-0: %w", &Failure{Err: context.Canceled})
	if errors.Is(broken, engine.ErrRefused) || !errors.Is(broken, context.Canceled) {
		t.Error("what was broken off passes for a refusal")
	}
}
