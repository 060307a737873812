// SPDX-License-Identifier: Apache-2.0

package setup

import (
	"time"

	"sigs.k8s.io/yaml"

	"github.com/rerig/rerig/internal/mesh"
)

// ProxySettings reads the annotation proxy.istio.io/config. Text that cannot be read sets
// nothing.
func ProxySettings(annotation string) mesh.ProxySettings {
	var c proxyConfig
	if yaml.Unmarshal([]byte(annotation), &c) != nil {
		return mesh.ProxySettings{}
	}
	return c.settings()
}

// ProxyEnvironment returns the settings in a proxy's environment, by the names of its
// variables: pilot/cmd/pilot-agent/options/options.go @1.31.0.
func ProxyEnvironment(env map[string]string) mesh.ProxySettings {
	return mesh.ProxySettings{ExitOnZero: env["EXIT_ON_ZERO_ACTIVE_CONNECTIONS"], MinimumDrain: duration(env["MINIMUM_DRAIN_DURATION"])}
}

func (c proxyConfig) settings() mesh.ProxySettings {
	s := ProxyEnvironment(c.Metadata)
	s.Drain, s.ProxyProtocol = duration(c.Drain), c.Topology.ProxyProtocol != nil
	return s
}

// duration returns 0 for a text that is none.
func duration(text string) time.Duration {
	d, err := time.ParseDuration(text)
	if err != nil {
		return 0
	}
	return d
}
