// SPDX-License-Identifier: Apache-2.0

package cluster

import "github.com/rerig/rerig/internal/engine"

// final is an error that is not mended by trying again, though no API server has
// refused anything: for the engine it is engine.ErrRefused, without its words.
type final struct{ error }

func (f final) Is(target error) bool { return target == engine.ErrRefused }

func (f final) Unwrap() error { return f.error }
