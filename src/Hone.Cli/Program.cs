return Hone.Cli.Cli.Run(args, Console.Out, Console.Error, Console.In);
