// SPDX-License-Identifier: Apache-2.0

//go:build programs

// Package programs names what is built from this module, so that it stays in go.mod.
package programs

import (
	_ "istio.io/istio/istioctl/cmd"
	_ "istio.io/istio/pilot/cmd/pilot-agent/app"
	_ "istio.io/istio/pilot/cmd/pilot-discovery/app"
)
