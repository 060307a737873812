// SPDX-License-Identifier: Apache-2.0

package load

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Once asks every kind once and says what was wrong, each by its kind and place.
func Once(ctx context.Context, kinds []Kind) error {
	var wrong []error
	for _, k := range kinds {
		limited, cancel := context.WithTimeout(ctx, Patience)
		if _, err := k.Ask(limited); err != nil {
			wrong = append(wrong, fmt.Errorf("%s: %w", k.Name, err))
		}
		cancel()
	}
	return errors.Join(wrong...)
}

// Settle asks until the shop was right in all it does as many times in a row as asked for, and tells what each
// round found. A load that counts from before the shop stands would count the shop's own start.
func Settle(ctx context.Context, kinds []Kind, rounds int, tell func(error)) error {
	for right := 0; right < rounds; {
		err := Once(ctx, kinds)
		tell(err)
		if right++; err != nil {
			right = 0
		}
		if !wait(ctx, time.Second) {
			return fmt.Errorf("wait for the shop to be whole: %w", errors.Join(ctx.Err(), err))
		}
	}
	return nil
}
