// SPDX-License-Identifier: Apache-2.0

package client

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
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
	rules := clientcmd.NewDefaultClientConfigLoadingRules()
	rules.ExplicitPath = kubeconfig
	if err := validateFiles(rules); err != nil {
		return nil, err
	}
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

// validateFiles returns an error that names a file which is no kubeconfig. Without an explicit
// file, files may be missing or empty, as for kubectl.
func validateFiles(rules *clientcmd.ClientConfigLoadingRules) error {
	explicit := rules.ExplicitPath != ""
	for _, file := range rules.GetLoadingPrecedence() {
		config, err := clientcmd.LoadFromFile(file)
		_, unreadable := errors.AsType[*fs.PathError](err)
		switch {
		case unreadable && explicit:
			return fmt.Errorf("no cluster: read kubeconfig: %w; name another one with --kubeconfig", err)
		case unreadable:
		case err != nil:
			return fmt.Errorf("no cluster: %s is not a kubeconfig: %w; name another file with --kubeconfig", file, err)
		case explicit && len(config.Clusters)+len(config.Contexts)+len(config.AuthInfos) == 0:
			return fmt.Errorf("no cluster: %s is not a kubeconfig: it has no clusters, users or contexts; name another file with --kubeconfig", file)
		}
	}
	return nil
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
