namespace Hone.Data;

/// <summary>
/// Shape of the learning rate after warm-up: half a cosine or a line, both to 0, or constant. It stands in the lowest project
/// that the recipe and the training both see.
/// </summary>
public enum Schedule { Cosine, Linear, Constant }
