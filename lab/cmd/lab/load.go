// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"io"

	"github.com/spf13/cobra"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/rerig/rerig/lab/internal/state"
)

func loadCommand(f *flags) *cobra.Command {
	var format string
	var reset bool
	c := &cobra.Command{
		Use: "load", Short: "Print what the load on the shop has seen so far", Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			l, err := f.loadLab()
			if err != nil {
				return err
			}
			return load(c.Context(), l, format, reset, c.OutOrStdout())
		},
	}
	c.Flags().StringVarP(&format, "output", "o", "text", "text or json")
	c.Flags().BoolVar(&reset, "reset", false, "begin anew, and print the report so far (as JSON)")
	return c
}

// load asks the load generator's pod, through the API server.
func load(ctx context.Context, l state.Lab, format string, reset bool, out io.Writer) error {
	config, err := clientcmd.BuildConfigFromFlags("", l.Kubeconfig())
	if err != nil {
		return fmt.Errorf("read the kubeconfig of lab %s: %w", l.Name, err)
	}
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		return fmt.Errorf("make a client for lab %s: %w", l.Name, err)
	}
	pods, err := client.CoreV1().Pods("load").List(ctx, metav1.ListOptions{LabelSelector: "app=load"})
	if err != nil {
		return fmt.Errorf("find the load's pod: %w", err)
	}
	if len(pods.Items) == 0 {
		return fmt.Errorf("find the load's pod: lab %s has none; `lab shop` installs it in a real lab", l.Name)
	}
	report, err := reportRequest(client, pods.Items[0].Name, format, reset).DoRaw(ctx)
	if err != nil {
		return fmt.Errorf("ask the load for its report: %w", err)
	}
	_, err = out.Write(report)
	return err
}

func reportRequest(client kubernetes.Interface, pod, format string, reset bool) *rest.Request {
	verb, path := "GET", "report"
	if reset {
		verb, path = "POST", "reset"
	}
	return client.CoreV1().RESTClient().Verb(verb).Namespace("load").Resource("pods").Name(pod+":8080").
		SubResource("proxy").Suffix(path).Param("format", format)
}
