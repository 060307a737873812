// SPDX-License-Identifier: Apache-2.0

package serve

import (
	"context"
	"errors"
	"sync"
)

// All runs the parts until the context ends or one of them fails, which ends the others, and waits for them all.
func All(ctx context.Context, parts ...func(context.Context) error) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	var wg sync.WaitGroup
	failed := make([]error, len(parts))
	for i, part := range parts {
		wg.Go(func() {
			if failed[i] = part(ctx); failed[i] != nil {
				stop()
			}
		})
	}
	wg.Wait()
	return errors.Join(failed...)
}
