// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"
	"fmt"
	"strings"

	"github.com/rerig/rerig/internal/install"
)

// open reaches the cluster and sees, before anything is touched, that everything
// that the command is about to do is permitted.
func (a *app) open(ctx context.Context, aim aim) (home, error) {
	h, err := a.connect(a)
	if err != nil {
		return nil, err
	}
	if err := permitted(ctx, h, aim, nil); err != nil {
		h.Close()
		return nil, err
	}
	return h, nil
}

// permitted names, verb by verb, what the caller may not do.
func permitted(ctx context.Context, h home, aim aim, needs []install.Need) error {
	lacking, err := h.Lacks(ctx, aim, needs)
	if err != nil || len(lacking) == 0 {
		return err
	}
	return fmt.Errorf("see what is permitted (nothing was changed): you may not\n  %s\nask for a role that allows this, or name another --context", strings.Join(lacking, "\n  "))
}
