// SPDX-License-Identifier: Apache-2.0

package command

import (
	"context"
	"fmt"
	"io"
	"strconv"
	"time"
)

// sleep waits, for preStop hooks: the image has no other program.
func sleep(ctx context.Context, args []string, _ io.Writer) error {
	if len(args) != 1 {
		return fmt.Errorf("usage: shop sleep SECONDS")
	}
	seconds, err := strconv.ParseFloat(args[0], 64)
	if err != nil {
		return fmt.Errorf("read how many seconds to sleep: %w", err)
	}
	select {
	case <-time.After(time.Duration(seconds * float64(time.Second))):
	case <-ctx.Done():
	}
	return nil
}
