// SPDX-License-Identifier: Apache-2.0

package ledger

import (
	"context"
	"fmt"
)

// Once is a raw TCP request as the shop counts them: one connection, one question, one answer. Connected says
// whether somebody took the connection, so that a caller can tell a closed door from a lost answer.
func Once(ctx context.Context, address string, a, b int) (pod string, connected bool, err error) {
	conn, err := Dial(ctx, address)
	if err != nil {
		return "", false, fmt.Errorf("connect: %w", err)
	}
	defer conn.Close()
	pod, err = conn.Add(ctx, a, b)
	return pod, true, err
}
