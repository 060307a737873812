// SPDX-License-Identifier: Apache-2.0

package command

import (
	"context"
	"io"
	"time"

	"github.com/rerig/rerig/lab/shop/internal/services"
)

// serveDoor serves what a gateway under load routes to.
func serveDoor(ctx context.Context, args []string, _ io.Writer) error {
	f := newServiceFlags("door")
	late := f.flags.Duration("late", 8*time.Second, "delay of a late answer")
	if err := f.flags.Parse(args); err != nil {
		return err
	}
	return f.serveHTTP(ctx, services.Door{Pod: f.pod, Late: *late}.Handler())
}
