// SPDX-License-Identifier: Apache-2.0

package client

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"

	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
)

// userAgent is Rerig's name in the API server's audit log.
const userAgent = "rerig"

// Load reads the configuration of the cluster as kubectl does: an explicit file,
// else KUBECONFIG, else ~/.kube/config, else the pod's own service account; and
// the named context, else the current one. It sends nothing.
func Load(kubeconfig, context string) (*rest.Config, error) {
	if kubeconfig != "" {
		if _, err := os.Stat(kubeconfig); err != nil {
			return nil, fmt.Errorf("no cluster: read kubeconfig: %w; name another one with --kubeconfig", err)
		}
	}
	rules := clientcmd.NewDefaultClientConfigLoadingRules()
	rules.ExplicitPath = kubeconfig
	overrides := &clientcmd.ConfigOverrides{CurrentContext: context}
	config, err := clientcmd.NewNonInteractiveDeferredLoadingClientConfig(rules, overrides).ClientConfig()
	switch {
	case clientcmd.IsEmptyConfig(err) || errors.Is(err, rest.ErrNotInCluster):
		return nil, errors.New("no cluster: no kubeconfig was found; set KUBECONFIG, or name a file with --kubeconfig")
	case err != nil:
		return nil, fmt.Errorf("no cluster: read kubeconfig: %w%s", err, otherContexts(rules, context))
	}
	// The clients of all kinds share this limit. Beyond it the server's priority
	// and fairness decides.
	config.QPS, config.Burst = 200, 1000
	config.UserAgent = userAgent
	config.WarningHandler = rest.WarningLogger{} // through klog, which the command line silences without -v
	return config, nil
}

// otherContexts names the contexts of the kubeconfig if the given one is not
// among them.
func otherContexts(rules *clientcmd.ClientConfigLoadingRules, context string) string {
	all, err := rules.Load()
	if err != nil || context == "" || all.Contexts[context] != nil {
		return ""
	}
	if len(all.Contexts) == 0 {
		return "; the kubeconfig has no contexts: name another file with --kubeconfig"
	}
	return "; there are: " + strings.Join(slices.Sorted(maps.Keys(all.Contexts)), ", ")
}
