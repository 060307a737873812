// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"slices"
	"testing"

	"github.com/rerig/rerig/internal/step"
)

func TestEveryKindHasAHandler(t *testing.T) {
	t.Parallel()
	if got, want := Handled(), slices.Sorted(slices.Values(step.Kinds())); !slices.Equal(got, want) {
		t.Errorf("got handlers of %v, want %v", got, want)
	}
}
