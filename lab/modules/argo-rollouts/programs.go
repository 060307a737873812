// SPDX-License-Identifier: Apache-2.0

//go:build programs

// Package programs names what is built from this module, so that it stays in go.mod.
package programs

import _ "github.com/argoproj/argo-rollouts/controller"
